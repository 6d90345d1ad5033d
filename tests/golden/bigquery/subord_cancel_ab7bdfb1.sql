-- table demo.app.subord_cancel: ObjectPointer INT64, sord_pointer INT64, canx_date DATETIME, canx_id INT64, request_date DATETIME, syspersonid INT64, SourceID INT64, ProductID INT64
-- table demo.app_staging.subord_cancel__RUN: _plimsoll_op STRING, ObjectPointer INT64, sord_pointer INT64, canx_date DATETIME, canx_id INT64, request_date DATETIME, syspersonid INT64, SourceID INT64, ProductID INT64
MERGE `demo.app.subord_cancel` AS T
USING `demo.app_staging.subord_cancel__RUN` AS S
ON T.`ObjectPointer` = S.`ObjectPointer` AND T.`ObjectPointer` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`sord_pointer` = S.`sord_pointer`, T.`canx_date` = S.`canx_date`, T.`canx_id` = S.`canx_id`, T.`request_date` = S.`request_date`, T.`syspersonid` = S.`syspersonid`, T.`SourceID` = S.`SourceID`, T.`ProductID` = S.`ProductID`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`ObjectPointer`, `sord_pointer`, `canx_date`, `canx_id`, `request_date`, `syspersonid`, `SourceID`, `ProductID`) VALUES (S.`ObjectPointer`, S.`sord_pointer`, S.`canx_date`, S.`canx_id`, S.`request_date`, S.`syspersonid`, S.`SourceID`, S.`ProductID`)
